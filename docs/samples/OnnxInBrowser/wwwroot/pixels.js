// From the bytes of a photo to its pixels, upright, three bytes each, as the library reads them.

const mostPixels = 2 ** 22;

export class UnreadablePhoto extends Error {}

/**
 * As at training, colour profiles are ignored and transparency is dropped, not blended; EXIF orientation is applied. Photos above four million
 * pixels are read at 1/2, 1/4 ... of their sides, since the file's own resize works on whole matrices.
 */
export async function readPixels(file) {
  const bitmap = await decode(file);
  try {
    let reduction = 1;
    while (bitmap.width * bitmap.height > mostPixels * reduction ** 2)
      reduction *= 2;
    const width = Math.max(1, Math.round(bitmap.width / reduction)), height = Math.max(1, Math.round(bitmap.height / reduction));
    const rgba = drawn(bitmap, width, height);
    const opaque = reduction > 1 || isOpaque(rgba) ? rgba : unblended(bitmap) ?? rgba;
    return { rgb: withoutAlpha(opaque), width, height, original: { width: bitmap.width, height: bitmap.height, reduction } };
  } finally {
    bitmap.close();
  }
}

async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image', colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch {
    throw new UnreadablePhoto(`${file.name || 'This'} is not an image that this browser can read. Choose a JPEG, PNG or WebP file.`);
  }
}

function drawn(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/**
 * A 2D canvas keeps colours multiplied by alpha: what is transparent comes back black. WebGL hands them out as they are in the file.
 * Null where the browser has no WebGL, or not for pictures of this size.
 */
function unblended(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl');
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE))
    return null;
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
  const rgba = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  const failed = gl.getError() !== gl.NO_ERROR;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return failed ? null : rgba;
}

function isOpaque(rgba) {
  for (let i = 3; i < rgba.length; i += 4) {
    if (rgba[i] < 255)
      return false;
  }
  return true;
}

function withoutAlpha(rgba) {
  const rgb = new Uint8Array(rgba.length / 4 * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  return rgb;
}
