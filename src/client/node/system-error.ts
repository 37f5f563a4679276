/** Whether it is the operating system's error of that name, `ENOENT` for instance. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
