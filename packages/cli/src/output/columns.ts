/** A column of a table: what it has of a row, for scripts and for people. */
export interface Column<Row> {
  title: string
  /** On a terminal, in columns of it. What is wider is cut. */
  width: number
  align?: 'left' | 'right'
  /** In a pipe. */
  of(row: Row): string | number | undefined
  /** On a terminal. Default: as in a pipe. */
  forPeople?(row: Row): string
}
