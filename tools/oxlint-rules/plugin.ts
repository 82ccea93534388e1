import { namedExports } from './named-exports.ts'
import { noAmbientClock } from './no-ambient-clock.ts'
import { tellingNames } from './telling-names.ts'
import { whoImportsWhom } from './who-imports-whom.ts'

/** What the linter loads (`jsPlugins` in .oxlintrc.json). test/rules proves that each rule sees a planted violation. */
export default {
  meta: { name: 'holdfast' },
  rules: {
    'named-exports': namedExports,
    'no-ambient-clock': noAmbientClock,
    'telling-names': tellingNames,
    'who-imports-whom': whoImportsWhom,
  },
}
