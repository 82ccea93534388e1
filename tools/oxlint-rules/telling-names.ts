import { EMPTY_NAMES } from './rooms.ts'
import { pathInRepository, type Rule } from './syntax.ts'

/** Folders and files whose name would not let a newcomer guess what is inside. */
export const tellingNames: Rule = {
  create(context) {
    return {
      Program(node) {
        const names = pathInRepository(context)
          .split('/')
          .map((part) => part.replace(/\..*$/, ''))
        const empty = names.find((name) => EMPTY_NAMES.includes(name))
        if (empty !== undefined) context.report({ node, message: `"${empty}" does not say what is inside.` })
      },
    }
  },
}
