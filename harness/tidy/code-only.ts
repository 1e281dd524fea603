/**
 * Blanks out what is not code, so that a word in a comment or a string is not taken for a call.
 *
 * One pass over the characters: comments, the contents of strings and regular expressions become blanks, line breaks
 * stay, and the code inside `${}` of a template stays code. A slash begins a regular expression where no value can have
 * ended before it. The result has the length of the text, so that positions agree.
 */
export function codeOnly(text: string): string {
  const out = text.split('');
  const blank = (from: number, to: number) => {
    for (let i = from; i < to && i < out.length; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  /** For every open template, how many braces are open inside its current `${}`. */
  const templates: number[] = [];
  let i = 0;
  while (i < text.length) {
    const character = text[i]!;
    const end = endOfComment(text, i);
    if (end > i) {
      blank(i, end);
      i = end;
    } else if (character === "'" || character === '"') {
      const close = endOfQuoted(text, i + 1, character);
      blank(i + 1, close);
      i = close + 1;
    } else if (character === '`' || (character === '}' && templates.at(-1) === 0)) {
      if (character === '}') templates.pop();
      const close = endOfTemplatePart(text, i + 1);
      blank(i + 1, close);
      if (text[close] === '$') templates.push(0);
      i = text[close] === '$' ? close + 2 : close + 1;
    } else if (character === '/' && regexMayBegin(out, i)) {
      const close = endOfRegex(text, i + 1);
      blank(i + 1, close);
      i = close + 1;
    } else {
      if (templates.length > 0 && character === '{') templates[templates.length - 1]! += 1;
      if (templates.length > 0 && character === '}') templates[templates.length - 1]! -= 1;
      i++;
    }
  }
  return out.join('');
}

function endOfComment(text: string, start: number): number {
  if (text.startsWith('//', start) || (start === 0 && text.startsWith('#!'))) {
    const end = text.indexOf('\n', start);
    return end === -1 ? text.length : end;
  }
  if (!text.startsWith('/*', start)) return start;
  const end = text.indexOf('*/', start + 2);
  return end === -1 ? text.length : end + 2;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  let i = start;
  while (i < text.length && text[i] !== quote && text[i] !== '\n') i += text[i] === '\\' ? 2 : 1;
  return i;
}

/** Where the template's text stops: at its closing backtick or at the dollar sign of `${`. */
function endOfTemplatePart(text: string, start: number): number {
  let i = start;
  while (i < text.length && text[i] !== '`' && !text.startsWith('${', i)) i += text[i] === '\\' ? 2 : 1;
  return i;
}

function regexMayBegin(out: readonly string[], slash: number): boolean {
  let i = slash - 1;
  while (i >= 0 && /\s/.test(out[i]!)) i--;
  if (i < 0 || '(,=:[!&|?{};+*<>~^%-'.includes(out[i]!)) return true;
  const word = /[a-z]+$/.exec(out.slice(Math.max(0, i - 9), i + 1).join(''))?.[0] ?? '';
  return ['return', 'typeof', 'case', 'in', 'of', 'await'].includes(word);
}

function endOfRegex(text: string, start: number): number {
  let inClass = false;
  let i = start;
  while (i < text.length && text[i] !== '\n' && (inClass || text[i] !== '/')) {
    if (text[i] === '[') inClass = true;
    if (text[i] === ']') inClass = false;
    i += text[i] === '\\' ? 2 : 1;
  }
  return i;
}
