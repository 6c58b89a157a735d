import { testMatrix } from './matrix.ts'

testMatrix('redis')
