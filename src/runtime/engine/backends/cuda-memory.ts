/** The memory of NVIDIA's devices, as their driver tells it without a context on the device. */
import { createRequire } from "node:module";
import type koffiModule from "koffi";

type Koffi = typeof koffiModule;

/** Parts of the driver's interface: each function gives 0 when it succeeds. */
interface Driver {
  readonly init: (flags: number) => number;
  readonly device: (out: [number], ordinal: number) => number;
  readonly total: (out: [number | bigint], device: number) => number;
}

/** What was asked already: a driver does not change while a process runs. */
const known = new Map<number, number | null>();

/** Bytes of all the memory of a device; null where there is no driver, or no such device. */
export function cudaMemory(deviceId: number): number | null {
  const before = known.get(deviceId);
  if (before !== undefined) return before;
  const found = memoryOf(loadDriver(), deviceId);
  known.set(deviceId, found);
  return found;
}

/** The same of a driver that is loaded. */
export function memoryOf(driver: Driver | null, deviceId: number): number | null {
  if (driver === null) return null;
  const device: [number] = [0];
  const total: [number | bigint] = [0];
  if (driver.init(0) !== 0 || driver.device(device, deviceId) !== 0) return null;
  return driver.total(total, device[0]) === 0 ? Number(total[0]) : null;
}

/** What keeps the library loaded (`c-functions.ts` says why). */
const loaded: unknown[] = [];

function loadDriver(): Driver | null {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as Koffi;
    const library = koffi.load(process.platform === "win32" ? "nvcuda.dll" : "libcuda.so.1");
    loaded.push(library);
    const [int, size] = [koffi.out(koffi.pointer("int")), koffi.out(koffi.pointer("size_t"))];
    return {
      init: library.func("cuInit", "int", ["uint32"]) as Driver["init"],
      device: library.func("cuDeviceGet", "int", [int, "int"]) as Driver["device"],
      total: library.func("cuDeviceTotalMem_v2", "int", [size, "int"]) as Driver["total"],
    };
  } catch {
    return null;
  }
}
