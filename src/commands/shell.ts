/** Text as one word of a shell, for the lines that are to be pasted. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
