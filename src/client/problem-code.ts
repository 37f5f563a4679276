/** A code is shown to people, on terminals too, so it is nothing but a word. */
const CODE = /^[a-z0-9-]{1,64}$/u

/** `code` of a problem document (RFC 9457), as an answer has it; nothing if the text is none. */
export function problemCode(text: string): { readonly problem?: string } {
  try {
    const { code }: { readonly code?: unknown } = Object(JSON.parse(text))
    return typeof code === 'string' && CODE.test(code) ? { problem: code } : {}
  } catch {
    return {} // The answer is what counts; what it is explained with may be anything.
  }
}
