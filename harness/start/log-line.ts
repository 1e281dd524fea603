/** One line of a process's output for people: JSON log lines as time, process and message, anything else as it is. */

const levels: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };
const shown = new Set(['level', 'time', 'name', 'msg', 'err']);

export function readable(processName: string, text: string): string {
  const prefix = processName.padEnd(11);
  const line = parsed(text);
  if (line === null) return `${prefix} ${text}`;
  const time = typeof line['time'] === 'string' ? line['time'].slice(11, 19) : '';
  const level = levels[Number(line['level'])];
  const message = [level, line['msg']].filter((part) => part !== undefined).join(' ');
  const details = Object.entries(line).flatMap(([key, value]) =>
    shown.has(key) ? [] : [`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const error = line['err'] as { message?: unknown } | undefined;
  if (error?.message !== undefined) details.push(`(${String(error.message)})`);
  return [time, prefix, message, ...details].filter((part) => part !== '').join(' ');
}

function parsed(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null; // It only looks like a log line.
  }
}
