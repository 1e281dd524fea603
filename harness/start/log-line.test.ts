import { expect, it } from 'vitest';
import { readable } from './log-line.ts';

it('shows time, process, message and details of a log line', () => {
  const line = '{"level":30,"time":"2026-02-03T04:05:06.789Z","name":"api","msg":"listening","port":8080,"host":"::"}';
  expect(readable('api', line)).toBe('04:05:06 api         listening port=8080 host=::');
});

it('marks what is worse than information, and says what an error says', () => {
  const line = '{"level":50,"time":"2026-02-03T04:05:06.789Z","msg":"no luck","err":{"message":"gone","stack":"far"}}';
  expect(readable('pusher', line)).toBe('04:05:06 pusher      ERROR no luck (gone)');
});

it('leaves anything else as it is', () => {
  expect(readable('api', 'plain text')).toBe('api         plain text');
  expect(readable('api', '{ not json')).toBe('api         { not json');
});
