// The parts of ECharts that the console draws with; one chunk, loaded by the pages that have a chart.
import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, AxisPointerComponent, GridComponent, MarkPointComponent, TooltipComponent } from 'echarts/components'
import { init, use as register } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

register([BarChart, LineChart, GridComponent, TooltipComponent, AxisPointerComponent, MarkPointComponent, AriaComponent, SVGRenderer])
export { init }
