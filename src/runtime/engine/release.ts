import { MessageChannel } from "node:worker_threads";

const nowhere = new MessageChannel();
nowhere.port2.close();

/**
 * Frees an array's memory now; the array is empty afterwards. Left to the garbage collector, dead activations would pile
 * up to several times what is alive, and new ones would be laid out in memory that was never touched before. A buffer
 * that is sent away belongs to the message, and a message that nobody can receive is deleted at once.
 */
export function release(data: ArrayBufferView): void {
  const { buffer } = data;
  // A view of something larger does not own its memory.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === data.byteLength) nowhere.port1.postMessage(null, [buffer]);
}
