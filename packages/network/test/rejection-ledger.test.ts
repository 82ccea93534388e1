import { expect, it } from 'vitest'
import { REJECTION_HALF_LIFE_MS, REMEMBERED_REJECTERS } from '../src/limits.ts'
import { RejectionLedger } from '../src/rejection-ledger.ts'

it('counts, and forgets by half', () => {
  let now = 0
  const ledger = new RejectionLedger(() => now)
  expect(ledger.of('eve')).toBe(0)
  for (let i = 0; i < 4; i++) ledger.add('eve')
  expect(ledger.of('eve')).toBe(4)
  now += REJECTION_HALF_LIFE_MS
  expect(ledger.of('eve')).toBe(2)
  ledger.add('eve')
  expect(ledger.of('eve')).toBe(3)
  expect(ledger.of('alice')).toBe(0)
})

it('remembers no more than its limit, the newest', () => {
  const ledger = new RejectionLedger(() => 0)
  for (let i = 0; i <= REMEMBERED_REJECTERS; i++) ledger.add(`peer ${i}`)
  expect(ledger.of('peer 0')).toBe(0)
  expect(ledger.of('peer 1')).toBe(1)
  expect(ledger.of(`peer ${REMEMBERED_REJECTERS}`)).toBe(1)
})
