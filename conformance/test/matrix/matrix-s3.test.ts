import { testMatrix } from './matrix.ts'

testMatrix('s3')
