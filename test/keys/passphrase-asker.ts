/** A process that asks for a new passphrase at its terminal and says what it understood: node passphrase-asker.ts */
import { readPassphrase } from '../../src/keys/passphrase.ts'

try {
  const passphrase = await readPassphrase({ env: {}, purpose: 'new', keyFile: 'alice.age' })
  console.log(`understood ${Buffer.from(passphrase).toString('hex')}`)
} catch (error) {
  const { code } = error as { code: string }
  console.log(`refused ${code}`)
}
