/** A file that could not be read or written: a full disk, missing rights. `path` is the file, `unit` its unit if any. */
export class StoreFault extends Error {
  readonly path: string;
  readonly unit: string | null;
  /** Node's error code (ENOSPC, EACCES …), or null. */
  readonly code: string | null;

  constructor(message: string, path: string, unit: string | null, cause: unknown) {
    super(message, { cause });
    this.name = "StoreFault";
    this.path = path;
    this.unit = unit;
    this.code = errorCode(cause);
  }
}

/** The code of a system error, or null. */
export function errorCode(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}

const sentences: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of this disk is used up",
  EACCES: "there is no permission",
  EPERM: "there is no permission",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "there is a folder of this name",
  EEXIST: "there is a file of this name",
  EMFILE: "too many files are open",
  EIO: "the disk reports an error",
  EFBIG: "it would be larger than a file may be",
  ENAMETOOLONG: "a name in the path is too long",
  ELOOP: "its symbolic links go in a circle",
  ENOENT: "there is no such file or folder",
};

/** Why a system call failed, as a clause: `the disk is full`, or node's own message. */
export function reasonOf(error: unknown): string {
  const known = sentences[errorCode(error) ?? ""];
  return known ?? (error instanceof Error ? error.message : String(error));
}
