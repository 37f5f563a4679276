/** Whether the operating system said no (a port in use, a folder without rights): no bug, so no stack. */
export function isRefusalOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
