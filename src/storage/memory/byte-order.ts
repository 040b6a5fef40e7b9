/** The order of the databases: by the bytes of UTF-8, where a plain comparison of strings goes by UTF-16. */
export function inByteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
