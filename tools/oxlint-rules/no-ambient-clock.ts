import type { Node, Rule } from './syntax.ts'

/**
 * `new Date()` and `Date()` read the clock; `new Date(time)` does not.
 * (`Date.now` and `Math.random` are caught by the linter's own no-restricted-properties.)
 */
export const noAmbientClock: Rule = {
  create(context) {
    const check = (node: Node): void => {
      const reads = node.type === 'CallExpression' || node.arguments?.length === 0
      if (node.callee?.type === 'Identifier' && node.callee.name === 'Date' && reads) {
        context.report({ node, message: 'Time is an argument here: take `now`.' })
      }
    }
    return { NewExpression: check, CallExpression: check }
  },
}
