/** Pixels of a side: twice what the page shows, for sharp screens. */
const SIDE = 144

/** Shows what is in a file, if it is a picture that the browser knows; else how its name ends. */
export async function showThumbnail(place: HTMLElement, file: File): Promise<void> {
  place.textContent = /\.\w{1,5}$/u.exec(file.name)?.[0] ?? ''
  if (!file.type.startsWith('image/')) return
  const picture = await createImageBitmap(file).catch(() => undefined)
  if (picture) place.replaceChildren(drawn(picture))
}

/** The middle of the picture, as large as it fits. */
function drawn(picture: ImageBitmap): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = SIDE
  canvas.height = SIDE
  const side = Math.min(picture.width, picture.height)
  const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2]
  canvas.getContext('2d')?.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE)
  picture.close()
  return canvas
}
