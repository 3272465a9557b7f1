// CSV as spreadsheets read it: a byte order mark, quoted where needed, no cell that a spreadsheet would run as a formula.
const cell = (value: string | number): string => {
  const text = typeof value === 'number' ? String(value) : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csv = (rows: (string | number)[][]): string => '\ufeff' + rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'

export function download(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
