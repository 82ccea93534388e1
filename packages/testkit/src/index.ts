export { forge, resign, tamper, type Statement } from './forgery.ts'
export { Publisher, TEST_START, testContent, testSigners } from './publisher.ts'
