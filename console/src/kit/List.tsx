// The list anatomy of every noun: filters in the URL, marks and batch bar, column choice, cursor paging, keys.
import { Button, Checkbox, DatePicker, Drawer, Input, Popover, Select, Table, type InputRef, type TableColumnsType } from 'antd'
import dayjs from 'dayjs'
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from 'react'
import { useGo } from './A'
import type { Query } from '../api/client'
import { useList } from '../api/queries'
import { useFormat, useWords } from '../i18n/i18n'
import { Icon } from './Icon'
import { Empty, Failed, Skeleton } from './states'
import { useUrl } from './useurl'
import { useMedia } from '../look/look'
import { w } from './words'

export interface Option { value: string; label: string; options?: { value: string; label: string }[] }
export type Filter =
  | { kind: 'one' | 'many'; key: string; label: string; options: Option[]; drawer?: boolean }
  | { kind: 'range'; key: string; label: string; from: string; to: string; drawer?: boolean }
export interface Column<T> {
  key: string; title: string; render: (row: T) => ReactNode; width?: number | string; num?: boolean
  /** Not among the columns shown at first; the person can add it. */
  hidden?: boolean
  /** The API's sort name; `first` is the direction of the first click. */
  sort?: string; first?: 'up' | 'down'
}
export interface Chosen { ids: string[]; all: boolean; count: number; filter: Query; clear: () => void }
export interface ListProps<T> {
  id: string; path: string; rowKey: (row: T) => string; columns: Column<T>[]; filters?: Filter[]
  /** What the link says, as this API wants it. */
  request?: (query: Query) => Query
  search?: string; query?: Query; opens?: (row: T) => string; open?: (row: T) => void; batch?: (chosen: Chosen) => ReactNode
  /** What can be done with everything that the filters leave, without marking it first. */
  whole?: (chosen: Chosen) => ReactNode
  empty: { title: string; text?: string; action?: ReactNode }
  tools?: ReactNode; total?: (n: number, more: boolean) => void; rowClass?: (row: T) => string; defaultSort?: string
}

export function List<T extends object>(props: ListProps<T>) {
  const { columns, filters = [], rowKey } = props
  const t = useWords(w)
  const f = useFormat()
  const url = useUrl()
  const go = useGo()
  const [start] = useState(() => url.one('after'))
  const box = useRef<InputRef>(null)
  const narrow = useMedia('(max-width: 1199px)')
  const phone = useMedia('(max-width: 767px)')

  const names = ['q', ...filters.flatMap((x) => (x.kind === 'range' ? [x.from, x.to] : [x.key]))]
  const filter: Query = { ...props.query }
  for (const name of names) {
    const values = url.many(name)
    if (values.length > 0) filter[name] = filters.find((x) => x.key === name)?.kind === 'many' ? values : values[0]
  }
  const sort = url.one('sort') || props.defaultSort || ''
  const list = useList<T>(props.path, { ...(props.request ? props.request(filter) : filter), sort }, start)
  const rows = list.data?.pages.flatMap((p) => p.items) ?? []
  const firstPage = list.data?.pages[0]
  const total = firstPage?.total ?? 0
  const more = firstPage?.total_more ?? false
  const tell = useEffectEvent((n: number, over: boolean) => props.total?.(n, over))
  useEffect(() => { if (firstPage) tell(total, more) }, [firstPage, total, more])

  // Marks
  const [marked, setMarked] = useState<string[]>([])
  const [all, setAll] = useState(false)
  const unmark = () => { setMarked([]); setAll(false) }
  const filterText = JSON.stringify(filter)
  const [markedFor, setMarkedFor] = useState(filterText)
  if (markedFor !== filterText) { setMarkedFor(filterText); setMarked([]); setAll(false) }

  // Keys
  const [at, setAt] = useState(-1)
  const openRow = (row: T) => {
    if (props.open) props.open(row)
    else if (props.opens) go(props.opens(row))
  }
  const press = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target as HTMLElement
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input,textarea,select,[contenteditable],[role=dialog],.ant-select-dropdown')) return
    const row = rows[at]
    if (event.key === '/') { event.preventDefault(); box.current?.focus() }
    else if (event.key === 'j') setAt(Math.min(at + 1, rows.length - 1))
    else if (event.key === 'k') setAt(Math.max(at - 1, 0))
    else if (event.key === 'x' && row && props.batch) setMarked((was) => (was.includes(rowKey(row)) ? was.filter((id) => id !== rowKey(row)) : [...was, rowKey(row)]))
    else if (event.key === 'Enter' && row && !target.closest('a,button')) openRow(row)
  })
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event)
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  useEffect(() => { if (at >= 0) document.querySelector('.list .at')?.scrollIntoView({ block: 'nearest' }) }, [at])

  // Columns
  const store = `zhiyin.columns.${props.id}`
  const [shown, setShown] = useState<string[]>(() => {
    const kept = localStorage.getItem(store)
    return kept ? kept.split(',') : columns.filter((c) => !c.hidden).map((c) => c.key)
  })
  const choose = (keys: string[]) => { setShown(keys); localStorage.setItem(store, keys.join(',')) }
  const visible = columns.filter((c, i) => i === 0 || shown.includes(c.key))
  const sideways = narrow || visible.length > 8
  const table: TableColumnsType<T> = visible.map((c) => {
    const active = c.sort && (sort === c.sort || sort === `-${c.sort}`)
    const down = sort.startsWith('-')
    return {
      key: c.key, width: c.width, render: (_: unknown, row: T) => c.render(row), className: c.num ? 'num' : undefined,
      title: c.sort
        ? <button type="button" className="plain" style={active ? { color: 'var(--ink)' } : undefined} onClick={() => url.set({ sort: active ? (down ? c.sort : `-${c.sort}`) : c.first === 'up' ? c.sort : `-${c.sort}` })}>{c.title}{active ? (down ? ' ↓' : ' ↑') : ''}</button>
        : c.title || <span className="sr">{t('more')}</span>,
    }
  })

  const active = describe(filters, url, f.date)
  const filtered = active.length > 0 || url.one('q') !== ''
  const clear = () => url.set(Object.fromEntries(names.map((n) => [n, undefined])))
  const chosen: Chosen = { ids: marked, all, count: all ? total : marked.length, filter, clear: unmark }
  const inRow = filters.filter((x) => !x.drawer)
  const inDrawer = filters.filter((x) => x.drawer)
  const [drawer, setDrawer] = useState(false)

  if (list.error && !list.data) return <section className="panel"><Failed error={list.error} retry={() => void list.refetch()} /></section>
  const firstEmpty = list.data && total === 0 && rows.length === 0 && !filtered
  return (
    <section className="panel list">
      {!firstEmpty && (props.search || filters.length > 0 || props.tools) && (
        <div className="filters">
          {props.search && <SearchBox key={url.one('q')} ref={box} hint={props.search} value={url.one('q')} onSearch={(q) => url.set({ q })} />}
          {inRow.map((x) => <FilterField key={x.key} filter={x} />)}
          {inDrawer.length > 0 && <button type="button" className="linky" onClick={() => setDrawer(true)}>{t('moreFilters')}</button>}
          <span className="push row" style={{ gap: 14 }}>
            {props.tools}
            {columns.length > 4 && (
              <Popover trigger="click" placement="bottomRight" title={t('columnsTitle')} content={
                <Checkbox.Group value={shown} onChange={choose} style={{ display: 'grid', gap: 6 }} options={columns.slice(1).map((c) => ({ value: c.key, label: c.title }))} />
              }>
                <button type="button" className="linky" title={t('keys')}>{t('columns')}</button>
              </Popover>
            )}
          </span>
        </div>
      )}
      {filtered && (
        <div className="active">
          <span>{t('filtered')}</span>
          {url.one('q') && <Removable text={quoted(url.one('q'), f.lang)} remove={() => url.set({ q: undefined })} />}
          {active.map((a) => <Removable key={a.text} text={a.text} remove={() => url.set(a.without)} />)}
          <button type="button" className="linky" onClick={clear}>{t('clear')}</button>
          {list.data && <span className="push" aria-live="polite">{more ? t('moreThan', { n: total }) : t('matching', { n: total })}</span>}
          {list.data && total > 0 && props.whole?.({ ids: [], all: true, count: total, filter, clear: unmark })}
        </div>
      )}
      {props.batch && chosen.count > 0 && (
        <div className="batch" role="region">
          <span>{all ? t.rich('chosenAll', { n: total }) : t.rich('chosen', { n: marked.length })}</span>
          {!all && total > marked.length && <button type="button" className="linky" onClick={() => setAll(true)}>{t('chooseAll', { n: total })}</button>}
          <button type="button" className="linky" onClick={unmark}>{t('unchoose')}</button>
          <span className="does">{props.batch(chosen)}</span>
        </div>
      )}
      {start && list.data && <div className="again">{t('fromMiddle')}<a href={location.pathname}>{t('fromStart')}</a></div>}
      {!list.data ? <Skeleton rows={8} /> : rows.length === 0
        ? (filtered
          ? <Empty title={t('none')} text={t('noneWhat', { filters: f.list([...(url.one('q') ? [quoted(url.one('q'), f.lang)] : []), ...active.map((a) => a.text)]) })}>
              {active.slice(0, 2).map((a) => <Button key={a.text} onClick={() => url.set(a.without)}>{t('removeFilter', { name: a.text })}</Button>)}
              <Button onClick={clear}>{t('clear')}</Button>
            </Empty>
          : <Empty title={props.empty.title} text={props.empty.text}>{props.empty.action}</Empty>)
        : phone ? <PhoneRows rows={rows} rowKey={rowKey} columns={visible} />
        : (
          <div className={sideways ? 'rows sideways' : 'rows'} style={list.isPlaceholderData ? { opacity: 0.6 } : undefined}>
            <Table<T>
              size="small" rowKey={rowKey} columns={table} dataSource={rows} pagination={false} tableLayout="auto" scroll={sideways ? { x: 'max-content' } : undefined}
              rowClassName={(row, i) => `${i === at ? 'at' : ''} ${props.rowClass?.(row) ?? ''}`}
              onRow={(_row, i) => ({ onClick: () => setAt(i ?? -1), onDoubleClick: () => openRow(_row) })}
              rowSelection={props.batch ? { selectedRowKeys: all ? rows.map(rowKey) : marked, columnWidth: 32, onChange: (keys) => { setAll(false); setMarked(keys.map(String)) } } : undefined}
            />
          </div>
        )}
      {rows.length > 0 && (
        <div className="more">
          <span>{more ? t('shown', { shown: rows.length, total: t('moreThan', { n: total }) }) : list.hasNextPage || rows.length < total ? t('shown', { shown: rows.length, total }) : t('shownAll', { n: rows.length })}</span>
          {list.hasNextPage && <button type="button" className="linky" disabled={list.isFetchingNextPage} onClick={() => { void list.fetchNextPage().then((r) => { const page = r.data?.pageParams.at(-1); if (page) url.set({ after: page }, { replace: true }) }) }}>{list.isFetchingNextPage ? t('loadingMore') : t('loadMore', { n: Math.min(50, more ? 50 : Math.max(total - rows.length, 1)) })}</button>}
        </div>
      )}
      <Drawer open={drawer} onClose={() => setDrawer(false)} title={t('moreFilters')} size={360}>
        <div className="stack">{inDrawer.map((x) => <label key={x.key} className="stack" style={{ gap: 4 }}><span className="second s13">{x.label}</span><FilterField filter={x} wide /></label>)}</div>
      </Drawer>
    </section>
  )
}

/** On a phone a row is its name and, below, what else it says: nothing lies outside the window. */
function PhoneRows<T>({ rows, rowKey, columns }: { rows: T[]; rowKey: (row: T) => string; columns: Column<T>[] }) {
  const [name, ...rest] = columns
  return (
    <ul className="phone-rows">
      {rows.map((row) => (
        <li key={rowKey(row)}>
          <div className="b">{name?.render(row)}</div>
          <dl>{rest.map((c) => <div key={c.key}>{c.title && <dt>{c.title}</dt>}<dd>{c.render(row)}</dd></div>)}</dl>
        </li>
      ))}
    </ul>
  )
}

function SearchBox({ hint, value, onSearch, ref }: { hint: string; value: string; onSearch: (q: string) => void; ref: React.Ref<InputRef> }) {
  const [text, setText] = useState(value)
  return (
    <Input
      ref={ref} style={{ width: 240 }} value={text} placeholder={hint} aria-label={hint} allowClear prefix={<span className="mute"><Icon name="search" size={14} /></span>}
      onChange={(e) => { setText(e.target.value); if (e.target.value === '' && value) onSearch('') }}
      onPressEnter={() => onSearch(text.trim())} onBlur={() => { if (text.trim() !== value) onSearch(text.trim()) }}
      onKeyDown={(e) => { if (e.key === 'Escape') e.currentTarget.blur() }}
    />
  )
}

function FilterField({ filter, wide = false }: { filter: Filter; wide?: boolean }) {
  const url = useUrl()
  const style = wide ? { width: '100%' } : { minWidth: 104, maxWidth: 220 }
  if (filter.kind === 'range') {
    const from = url.one(filter.from)
    const to = url.one(filter.to)
    return <DatePicker.RangePicker allowEmpty style={wide ? { width: '100%' } : { width: 224 }} aria-label={filter.label} placeholder={[filter.label, '']} value={[from ? dayjs(from) : null, to ? dayjs(to) : null]} onChange={(range) => url.set({ [filter.from]: range?.[0]?.format('YYYY-MM-DD'), [filter.to]: range?.[1]?.format('YYYY-MM-DD') })} />
  }
  const common = { options: filter.options, placeholder: filter.label, allowClear: true, showSearch: { optionFilterProp: 'label' }, style, popupMatchSelectWidth: 220, 'aria-label': filter.label }
  return filter.kind === 'many'
    ? <Select {...common} mode="multiple" maxTagCount={0} maxTagPlaceholder={(hidden) => `${filter.label} ${hidden.length}`} value={url.many(filter.key)} onChange={(values: string[]) => url.set({ [filter.key]: values })} />
    : <Select {...common} value={url.one(filter.key) || undefined} onChange={(value: string | undefined) => url.set({ [filter.key]: value })} />
}

function Removable({ text, remove }: { text: string; remove: () => void }) {
  const t = useWords(w)
  return <span className="tag">{text}<button type="button" aria-label={t('removeFilter', { name: text })} onClick={remove}><Icon name="cross" size={10} /></button></span>
}

const quoted = (text: string, lang: string) => (lang === 'zh' ? `「${text}」` : `"${text}"`)

/** The filters in use as words, each with the URL change that drops it. */
function describe(filters: Filter[], url: ReturnType<typeof useUrl>, date: (at: string) => string) {
  const out: { text: string; without: Record<string, string[] | undefined> }[] = []
  for (const x of filters) {
    if (x.kind === 'range') {
      const from = url.one(x.from)
      const to = url.one(x.to)
      if (from || to) out.push({ text: `${x.label} ${from ? date(from) : ''} – ${to ? date(to) : ''}`, without: { [x.from]: undefined, [x.to]: undefined } })
      continue
    }
    const labels = new Map(x.options.flatMap((o) => o.options ?? [o]).map((o) => [o.value, o.label]))
    const values = url.many(x.key)
    for (const value of values) out.push({ text: `${x.label}: ${labels.get(value) ?? value}`, without: { [x.key]: values.filter((v) => v !== value) } })
  }
  return out
}
