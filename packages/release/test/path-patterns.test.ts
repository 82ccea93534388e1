/** Which target paths a delegated role may speak for (TUF 4.5, "PATHPATTERN"; POSIX 2.13). */
import { describe, expect, it } from 'vitest'
import { matchesPattern } from '../src/path-patterns.ts'

describe('a pattern covers', () => {
  it.each([
    ['targets/*.tgz', 'targets/foo.tgz'],
    ['foo-version-?.tgz', 'foo-version-2.tgz'],
    ['*', 'archive'],
    ['*', ''],
    ['*', '.dot'],
    ['a*b*c', 'a-b-b-c'],
    ['*a', 'aaa'],
    ['a/*/c', 'a/b/c'],
    ['?', '😀'],
    ['[ab]', 'b'],
    ['[a-c]x', 'bx'],
    ['[!a]', 'b'],
    ['[]a]', ']'],
    ['[!]a]', 'b'],
    ['[a-]', '-'],
    ['[', '['],
    ['[]', '[]'],
    ['[a', '[a'],
    ['[\\]', '\\'],
    ['\\*', '\\x'],
    ['{a,b}', '{a,b}'],
    ['#x', '#x'],
    ['!x', '!x'],
  ])('%s: %s', (pattern, path) => expect(matchesPattern(pattern, path)).toBe(true))
})

describe('a pattern does not cover', () => {
  it.each([
    ['targets/*.tgz', 'targets/foo.txt'],
    ['foo-version-?.tgz', 'foo-version-alpha.tgz'],
    ['*', 'a/b'],
    ['**', 'a/b'],
    ['a/*', 'a/b/c'],
    ['a/?', 'a/'],
    ['?', '/'],
    ['a[!x]b', 'a/b'],
    ['a', 'ab'],
    ['ab', 'a'],
    ['', 'a'],
    ['[!a]', 'a'],
    ['[c-a]', 'b'],
    ['[ab]', '[ab]'],
    ['{a,b}', 'a'],
    ['A', 'a'],
  ])('%s: %s', (pattern, path) => expect(matchesPattern(pattern, path)).toBe(false))
})

it('a pattern made to be slow is not', () => {
  const begin = performance.now()
  expect(matchesPattern(`${'*a'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false)
  expect(performance.now() - begin).toBeLessThan(1000)
})
