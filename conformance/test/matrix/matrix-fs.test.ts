import { testMatrix } from './matrix.ts'

testMatrix('fs')
