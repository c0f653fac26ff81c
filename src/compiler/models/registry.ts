import { bloom } from "./bloom.js";
import { cohere, cohere2 } from "./cohere.js";
import { falcon } from "./falcon.js";
import { gemma, gemma2, gemma3 } from "./gemma.js";
import { gpt2 } from "./gpt2.js";
import { gptBigCode } from "./gpt-bigcode.js";
import { gptJ } from "./gptj.js";
import { gptNeo } from "./gpt-neo.js";
import { gptNeoX } from "./gpt-neox.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { gptOss, mixtral, olmoe, qwen2Moe, qwen3Moe } from "./mixtures.js";
import { mpt } from "./mpt.js";
import { olmo, olmo2 } from "./olmo.js";
import { opt } from "./opt.js";
import type { Family } from "./parts/family-model.js";
import { phi } from "./phi.js";
import { phi3 } from "./phi3.js";
import { qwen2, qwen3 } from "./qwen2.js";
import { smolLm3 } from "./smollm3.js";
import { stableLm } from "./stablelm.js";
import { starCoder2 } from "./starcoder2.js";

/** Every family that atlasc builds from a checkpoint. */
export const families: readonly Family[] = [
  ...[gpt2, gptNeoX, llama, mistral, qwen2, qwen3, opt, phi, phi3, gemma, gemma2, gemma3, stableLm, gptJ, gptNeo],
  ...[bloom, falcon, olmo, olmo2, granite, smolLm3, cohere, cohere2, starCoder2, mpt, gptBigCode],
  ...[mixtral, qwen2Moe, qwen3Moe, olmoe, gptOss],
];
