/** An element of an answer, as plain data, whatever library parsed it. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string
  readonly namespace: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** What stands directly in it. */
  readonly text: string
}

/** The children of a name and a namespace, in their order. */
export function childrenOf(
  element: XmlElement | undefined,
  name: string,
  namespace: string,
): readonly XmlElement[] {
  const all = element?.children ?? []
  return all.filter((child) => child.name === name && child.namespace === namespace)
}

/** The first child of a name and a namespace. */
export function childOf(
  element: XmlElement | undefined,
  name: string,
  namespace: string,
): XmlElement | undefined {
  return childrenOf(element, name, namespace)[0]
}
