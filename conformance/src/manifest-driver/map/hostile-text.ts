/** Keys and values that are easily taken for something else. */
export const hostileKeys: readonly string[] = [
  ...['*', '?', '%', '_', '[a]', '{a}', '\\', "'", '"', '`', '$1', ':a', '#', '-', '(', '[', '+', ' x', 'x '],
  ...['a', 'A', 'aa', 'a/b', 'a//b', '../a', 'key', 'KEY', 'Key', '0', '00', '1e3', 'null', 'undefined', '__proto__'],
  ...[
    'constructor',
    'toString',
    '~',
    'a~',
    '!',
    Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join(''),
  ],
  ...['k'.repeat(511), 'k'.repeat(512), `${'k'.repeat(511)}l`],
]

export const hostileValues: readonly string[] = [
  ...['', ' ', '0', '00', '1', '1.0', '1e3', '-0', 'NaN', 'null', 'undefined', 'true', 'false', '{}', '[]', '"', '""'],
  ...["'", '\\', '\\n', '\n', '\r\n', '\t', '\u0001', '\u007f', '\u2028', '\ufeff', 'a', 'A', ' a', 'a ', 'a\n'],
  ...['é', 'e\u0301', 'ß', 'ss', 'ﬁ', '名', '👩‍👩‍👧', '𝒳', '\uffff', '%', '*', '$1', '2024-01-01', '__proto__'],
  'x'.repeat(16 * 1024),
  '𝒳'.repeat(4 * 1024),
]
