/** What is made before the first test has to be so: an assertion there would end the file. */

export function must<T>(found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`it is ${found}, and has to be ${wanted}`);
}
