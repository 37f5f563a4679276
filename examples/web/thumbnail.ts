/** Draws what is in a file, if it is a picture that the browser knows; else how its name ends. */
export async function drawThumbnail(canvas: HTMLCanvasElement, file: File): Promise<void> {
  const paper = canvas.getContext('2d')
  if (!paper) return
  if (file.type.startsWith('image/') && (await drawPicture(paper, file))) return
  const [, ending = ''] = /\.(\w{1,5})$/u.exec(file.name) ?? []
  paper.fillStyle = getComputedStyle(canvas).color
  paper.font = '600 36px system-ui, sans-serif'
  paper.textAlign = 'center'
  paper.textBaseline = 'middle'
  paper.fillText(ending, canvas.width / 2, canvas.height / 2, canvas.width - 16)
}

/** The middle of the picture, as large as it fits. */
async function drawPicture(paper: CanvasRenderingContext2D, file: File): Promise<boolean> {
  const { width, height } = paper.canvas
  try {
    const picture = await createImageBitmap(file)
    const side = Math.min(picture.width, picture.height)
    const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2]
    paper.drawImage(picture, left, top, side, side, 0, 0, width, height)
    picture.close()
    return true
  } catch {
    return false
  }
}
