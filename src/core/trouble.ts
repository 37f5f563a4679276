/** Tells of trouble when it begins, and not again before it was over: nothing means that all is well. */
export function tellingOnce<Trouble>(
  tell: (trouble: Trouble) => void,
): (trouble: Trouble | undefined) => void {
  let isWell = true
  return (trouble) => {
    if (trouble !== undefined && isWell) tell(trouble)
    isWell = trouble === undefined
  }
}
