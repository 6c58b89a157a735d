/**
 * Claims that what is found in the first bytes does not contradict: another registered or common name of the same, or a
 * kind of it that only the rest of the file shows. A wrong name of the same, such as `image/jpg`, is not here: what is
 * found is then the right one, and models refuse the other.
 */
const kinds: Readonly<Record<string, RegExp>> = {
  // An animated PNG is a PNG.
  'image/apng': /^image\/(png|vnd\.mozilla\.apng)$/,
  'image/x-icon': /^image\/vnd\.microsoft\.icon$/,
  'image/heif': /^image\/hei[cf](-sequence)?$/,
  'image/heic': /^image\/hei[cf](-sequence)?$/,
  // Raw pictures of cameras are TIFF files.
  'image/tiff': /^image\/(x-adobe-dng|dng|x-canon-cr2|x-nikon-nef|x-sony-arw|x-olympus-orf|x-pentax-pef)$/,
  'image/vnd.adobe.photoshop': /^(image\/x-photoshop|application\/x-photoshop)$/,
  // A container says in its first bytes that it is one, and further on whether there is a picture beside the sound.
  'video/mp4': /^(audio\/(mp4|x-m4a|m4a|aac)|video\/x-m4v|application\/mp4)$/,
  'audio/x-m4a': /^audio\/mp4$/,
  'audio/mp4': /^(audio\/x-m4a|application\/mp4)$/,
  'video/webm': /^audio\/webm$/,
  'video/matroska': /^(video|audio)\/(x-)?matroska$/,
  'video/ogg': /^(audio|application)\/ogg$/,
  'audio/ogg': /^(application\/ogg|audio\/(opus|vorbis|speex))$/,
  'application/ogg': /^(audio|video)\/ogg$/,
  'video/quicktime': /^audio\/quicktime$/,
  'video/3gpp': /^audio\/3gpp$/,
  'video/3gpp2': /^audio\/3gpp2$/,
  'video/vnd.avi': /^video\/(x-msvideo|msvideo|avi)$/,
  'video/mp2p': /^video\/mpeg$/,
  'video/mp1s': /^video\/mpeg$/,
  'application/vnd.ms-asf': /^(audio\/x-ms-wma|video\/x-ms-(wmv|asf))$/,
  'video/x-ms-asf': /^video\/x-ms-wmv$/,
  'audio/x-ms-asf': /^audio\/x-ms-wma$/,
  'audio/wav': /^audio\/vnd\.wave$/,
  // An archive whose first entries say nothing may be a document, a book or a program.
  'application/zip':
    /^(application\/(vnd\.(openxmlformats-officedocument|oasis\.opendocument|ms-|apple\.|android\.|google-earth\.kmz).*|java-archive|x-zip-compressed|x-xpinstall|.*\+zip)|model\/3mf)$/,
  // The container of old Office files, and of new ones that are encrypted.
  'application/x-cfb':
    /^application\/(msword|vnd\.(ms-(excel|powerpoint|outlook|project|works)|visio|openxmlformats-officedocument)|x-msi|x-hwp).*$/,
  'application/xml': /^(text\/xml|.*\+xml)$/,
  'application/gzip': /^application\/(x-gzip|x-tgz|x-gtar|x-compressed-tar)$/,
  'application/x-rar-compressed': /^application\/vnd\.rar$/,
  'application/x-msdownload': /^application\/(vnd\.microsoft\.portable-executable|x-dosexec)$/,
  'application/x-sqlite3': /^application\/vnd\.sqlite3$/,
  'application/postscript': /^application\/(eps|illustrator)$/,
  'application/eps': /^(application\/postscript|image\/x-eps)$/,
  'application/pdf': /^application\/illustrator$/,
  'application/rtf': /^text\/rtf$/,
  'font/ttf': /^font\/sfnt$/,
  'font/otf': /^font\/sfnt$/,
}

/** Whether a claim may stand beside what was found. Both without parameters and in lower case. */
export function isKindOf(claim: string, found: string): boolean {
  return claim === found || (kinds[found]?.test(claim) ?? false)
}
