export { forge, resign, tamper, type Statement } from './forgery.ts'
export { ManualClock } from './manual-clock.ts'
export { Publisher, TEST_START, testContent, testSigners } from './publisher.ts'
export { SeededRandom } from './seeded-random.ts'
export { simulatedRelease } from './simulated-release.ts'
export { Simulation, type SimulationOptions } from './simulation.ts'
export { WatchedMachine } from './watched-machine.ts'
export {
  RunningProgram,
  TestWorld,
  type Ended,
  type JsonLine,
  type TestMirror,
} from './running-program.ts'
export { TEST_KEY_FILES, TEST_PASSPHRASE } from './test-keys.ts'
