import { testMatrix } from './matrix.ts'

testMatrix('sqlite')
