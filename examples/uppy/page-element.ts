/** The element that the page is known to have. Throws a `TypeError` if it has not. */
export function pageElement<Kind extends Element>(
  root: ParentNode,
  selector: string,
  kind: new () => Kind,
): Kind {
  const found = root.querySelector(selector)
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${selector}`)
  return found
}
