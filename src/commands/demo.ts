import type { Command } from '../command.ts'
import { Demo } from '../demo/scenes.ts'

export const command: Command = {
  name: 'demo',
  summary: 'show all of it on this machine alone, in half a minute',
  usage: '[--once]',
  positionals: [0, 0],
  flags: [{ name: 'once', type: 'boolean', help: 'end by itself instead of keeping the mirrors up until Ctrl-C' }],
  async run({ settings, out, signal }) {
    const began = performance.now()
    const demo = new Demo((line) => out.note(`- ${line}`), signal)
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    })
    stopped.catch(() => undefined)
    try {
      const { link, gateway, home } = await Promise.race([demo.run(), stopped])
      const seconds = Math.round((performance.now() - began) / 100) / 10
      const next = settings.isSet('once')
        ? ['To look around while the mirrors are up: npm run demo (without --once).']
        : [
            'Two mirrors are still up. In another terminal, in this folder:',
            `  npx holdfast ls --home ${home} --allow-private '${link}'`,
            `  curl ${gateway}/archives`,
            'Ctrl-C ends them and removes everything. Your own archive: see README.md.',
          ]
      out.result({ ok: true, link, gateway, seconds }, [
        `Done in ${seconds} s, without anything outside this machine.`,
        ...next,
      ])
      if (!settings.isSet('once')) await stopped.catch(() => undefined)
      return undefined
    } finally {
      await demo.close()
    }
  },
}
