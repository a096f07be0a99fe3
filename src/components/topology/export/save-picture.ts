// Hands the picture of a lab to the reader as a file.
import type { Graph } from '../../../topology/graph.ts';
import { readColours } from '../picture/theme-colours.ts';
import { pictureSvg } from './picture-svg.ts';

/** Pixels of a PNG for each of the drawing's: sharp on a slide. */
const scale = 3;

/** `host`: an element of the panel, in the theme that the file shall have. Throws an Error that says what is wrong. */
export async function savePicture(
  graph: Graph,
  format: 'svg' | 'png',
  name: string,
  host: HTMLElement,
): Promise<string> {
  const title = `${name}, ${new Date().toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'medium' })}`;
  const picture = pictureSvg(graph, readColours(host), title);
  if (picture === null) throw new Error('There is nothing to save yet: the kernel has not reported.');
  const svg = new Blob([picture.svg], { type: 'image/svg+xml' });
  const file = format === 'svg' ? svg : await raster(svg, picture.width * scale, picture.height * scale);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = `${name.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')}.${format}`;
  link.click();
  // The browser has its own hold on it once the download began.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return link.download;
}

async function raster(svg: Blob, width: number, height: number): Promise<Blob> {
  const url = URL.createObjectURL(svg);
  try {
    const image = new Image(width, height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    canvas.getContext('2d')?.drawImage(image, 0, 0, width, height);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (png === null) throw new Error('The picture is too large for this browser to make a PNG of. Save it as SVG.');
    return png;
  } finally {
    URL.revokeObjectURL(url);
  }
}
