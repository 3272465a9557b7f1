// Volume above, its cost to the customers below, on one time axis. Never a second y axis.
import type { EChartsType } from 'echarts/core'
import { useEffect, useRef } from 'react'
import { useFormat, useWords } from '../i18n/i18n'
import { useLook } from '../look/look'
import { init } from './echarts'
import { w } from './words'

export interface Day { date: string; value: number; harm: number }
export interface TouchCost { days: Day[]; label: string; name: string; harmName?: string; today: boolean; onDay?: (date: string) => void; /** how a point's time is written; by default it is a day */ at?: (date: string) => string }

export default function TouchCostChart({ days, label, name, harmName, today, onDay, at }: TouchCost) {
  const host = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | null>(null)
  const { colours: c } = useLook()
  const t = useWords(w)
  const f = useFormat()
  useEffect(() => {
    if (!host.current) return
    const made = init(host.current, null, { renderer: 'svg' })
    chart.current = made
    const watch = new ResizeObserver(() => made.resize())
    watch.observe(host.current)
    return () => { watch.disconnect(); made.dispose(); chart.current = null }
  }, [])
  useEffect(() => {
    const harm = harmName ?? t('chartHarm')
    const last = days.length - 1
    const axis = { fontSize: 12, color: c.ink3 }
    const top = days.reduce((m, d) => Math.max(m, d.value), 0)
    const peak = days.findIndex((d) => d.value === top)
    const worst = days.reduce((m, d) => Math.max(m, d.harm), 0)
    const worstAt = days.findIndex((d) => d.harm === worst)
    const half = Math.max(1, Math.ceil(worst / 2))
    const lastDay = days[last]
    const date = (i: number) => (at ?? f.date)(days[i]?.date ?? '')
    const long = at ?? f.longDate
    chart.current?.setOption({
      animation: false, textStyle: { fontFamily: 'inherit', fontSize: 12 }, aria: { enabled: false },
      grid: [{ left: 44, right: 84, top: 22, height: 152 }, { left: 44, right: 84, top: 204, height: 54 }],
      axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: c.control } },
      tooltip: {
        trigger: 'axis', backgroundColor: c.surface, borderColor: c.line, textStyle: { color: c.ink, fontSize: 13 }, confine: true, transitionDuration: 0,
        formatter: (items: unknown) => {
          const i = (items as { dataIndex: number }[])[0]?.dataIndex ?? 0
          const d = days[i]
          return d ? `${long(d.date)}${today && i === last ? ` · ${t('chartToday')}` : ''}<br>${name} <b>${f.exact(d.value)}</b><br>${harm} <b>${f.exact(d.harm)}</b>${d.value > 0 ? ` · ${f.perMille(d.harm, d.value)}` : ''}` : ''
        },
      },
      xAxis: [0, 1].map((g) => ({
        gridIndex: g, type: 'category', boundaryGap: g === 1, data: days.map((_, i) => date(i)), axisTick: { show: false }, axisLine: { lineStyle: { color: c.control } },
        axisLabel: { ...axis, show: g === 1, interval: Math.max(Math.ceil(days.length / 5) - 1, 0), hideOverlap: true },
        ...(g === 0 ? { boundaryGap: true } : {}),
      })),
      yAxis: [
        { gridIndex: 0, type: 'value', min: 0, splitNumber: 3, minInterval: 1, axisLabel: { ...axis, formatter: (v: number) => f.count(v) }, splitLine: { lineStyle: { color: c.line2 } } },
        { gridIndex: 1, type: 'value', min: 0, max: 2 * half, interval: half, axisLabel: { ...axis, formatter: (v: number) => f.count(v) }, splitLine: { lineStyle: { color: c.line2 } } },
      ],
      series: [
        {
          name, type: 'line', xAxisIndex: 0, yAxisIndex: 0, data: days.map((d) => d.value), showSymbol: true, symbol: 'circle', lineStyle: { color: c.pine, width: 2 }, itemStyle: { color: c.pine }, areaStyle: { color: c.wash, opacity: 0.75 },
          symbolSize: (_v: unknown, p: { dataIndex: number }) => (p.dataIndex === last ? 7 : 0), cursor: 'pointer',
          markPoint: {
            silent: true, symbol: 'rect', symbolSize: 0.1, label: { fontSize: 12 },
            data: [
              ...(lastDay ? [{ coord: [date(last), lastDay.value], label: { position: 'right', distance: 10, align: 'left', formatter: `{n|${name} ${f.count(lastDay.value)}}${today ? `\n{t|${t('chartToday')}}` : ''}`, rich: { n: { color: c.pine, fontWeight: 600, fontSize: 12, lineHeight: 16 }, t: { color: c.ink3, fontSize: 12, lineHeight: 16 } } } }] : []),
              ...(top > 0 && peak !== last ? [{ coord: [date(peak), top], label: { position: 'top', distance: 4, color: c.ink2, formatter: f.count(top) } }] : []),
            ],
          },
        },
        {
          name: harm, type: 'bar', xAxisIndex: 1, yAxisIndex: 1, data: days.map((d) => d.harm || null), barMaxWidth: 6, itemStyle: { color: c.harm, borderRadius: [1, 1, 0, 0] }, cursor: 'pointer',
          markPoint: {
            silent: true, symbol: 'rect', symbolSize: 0.1,
            data: [
              ...(worst > 0 && worstAt !== last ? [{ coord: [date(worstAt), worst], label: { position: 'top', distance: 2, color: c.harm, fontSize: 12, formatter: f.count(worst) } }] : []),
              ...(lastDay ? [{ coord: [date(last), half], label: { position: 'right', distance: 10, align: 'left', formatter: `{n|${harm.length > 12 ? harm.replace(', ', ',\n') : harm}}${today ? `\n{t|${t('chartTodayN', { n: lastDay.harm })}}` : ''}`, rich: { n: { color: c.harm, fontWeight: 600, fontSize: 12, lineHeight: 16 }, t: { color: lastDay.harm > 0 ? c.harm : c.ink3, fontSize: 12, lineHeight: 16 } } } }] : []),
            ],
          },
        },
      ],
    }, { notMerge: true })
  }, [days, c, f, t, name, harmName, today, at])
  useEffect(() => {
    const made = chart.current
    if (!made || !onDay) return
    const click = (e: { dataIndex?: number }) => { const d = days[e.dataIndex ?? -1]; if (d) onDay(d.date) }
    made.on('click', click as never)
    return () => { made.off('click', click as never) }
  }, [days, onDay])
  return <div ref={host} role="img" aria-label={label} style={{ height: 290 }} />
}
