// The palette of the console: the only place where a colour is written (src/look/colours.test.ts holds the tree to it).
import { theme, type MappingAlgorithm, type ThemeConfig } from 'antd'

const light = {
  paper: '#F4F6F5', surface: '#FFFFFF', sunk: '#F8FAF9', rail: '#ECF0EE', line: '#E0E6E3', line2: '#ECF0EE', control: '#C9D2CE', spot: '#24302C',
  ink: '#17211E', ink2: '#47534F', ink3: '#5E6A65', off: '#9AA5A0',
  pine: '#17695A', pineHover: '#1F7F6D', fill: '#17695A', fillHover: '#1F7F6D', fillActive: '#0F5346', wash: '#E5F0EC', washHover: '#DCEBE5', edge: '#A9CDC1', onDanger: '#FFFFFF',
  harm: '#B02A58', harmWash: '#FBEBF0', held: '#3D56A6', heldWash: '#EBEEF9',
  warn: '#8A5A00', warnWash: '#FBF2DF', warnEdge: '#E6CC93', error: '#BF3415', errorWash: '#FCECE7', errorEdge: '#EDB6A6',
  chart: ['#17695A', '#C08A1E', '#5B9BC6', '#7D4A2A'], rest: '#B4BFBA',
}
export type Look = typeof light
const dark: Look = {
  paper: '#0F1514', surface: '#171F1D', sunk: '#131A18', rail: '#0F1514', line: '#28332F', line2: '#202A27', control: '#3B4843', spot: '#2B3531',
  ink: '#E4EAE7', ink2: '#AAB6B1', ink3: '#8A9791', off: '#5F6B66',
  pine: '#5CBFA4', pineHover: '#7ED0B9', fill: '#24806C', fillHover: '#2A8F79', fillActive: '#1D6A59', wash: '#16322B', washHover: '#1B3B33', edge: '#2B5C4F', onDanger: '#2A0F07',
  harm: '#E9628B', harmWash: '#3A1B27', held: '#9DB0F0', heldWash: '#1E2748',
  warn: '#E3B04F', warnWash: '#33280F', warnEdge: '#5A4718', error: '#F58B6C', errorWash: '#3A1D14', errorEdge: '#6A3626',
  chart: ['#5CBFA4', '#E3B04F', '#4B8FBF', '#A87B55'], rest: '#56635E',
}
export const looks = { light, dark }

export const fontFamily = '-apple-system,BlinkMacSystemFont,"Segoe UI","PingFang SC","Hiragino Sans GB","Microsoft YaHei UI","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif'

// antd shifts seed colours in dark and derives muddy washes from a deep primary. This last algorithm step writes the exact values instead.
const exact = (c: Look): MappingAlgorithm => (_seed, map) => ({
  ...map!,
  colorPrimary: c.fill, colorPrimaryHover: c.fillHover, colorPrimaryActive: c.fillActive, colorPrimaryBg: c.wash, colorPrimaryBgHover: c.washHover,
  colorPrimaryBorder: c.edge, colorPrimaryBorderHover: c.edge, colorPrimaryText: c.pine, colorPrimaryTextHover: c.pineHover, colorPrimaryTextActive: c.pine,
  colorLink: c.pine, colorLinkHover: c.pineHover, colorLinkActive: c.pine,
  colorSuccess: c.pine, colorSuccessBg: c.wash, colorSuccessBorder: c.edge, colorInfo: c.ink2, colorInfoBg: c.sunk, colorInfoBorder: c.line,
  colorWarning: c.warn, colorWarningBg: c.warnWash, colorWarningBorder: c.warnEdge, colorError: c.error, colorErrorBg: c.errorWash, colorErrorBorder: c.errorEdge,
  colorText: c.ink, colorTextSecondary: c.ink2, colorTextTertiary: c.ink3, colorTextQuaternary: c.ink3,
  colorBgLayout: c.paper, colorBgContainer: c.surface, colorBgElevated: c.surface, colorBgSpotlight: c.spot, colorBorder: c.control, colorBorderSecondary: c.line,
})

export function antdTheme(name: keyof typeof looks): ThemeConfig {
  const c = looks[name]
  return {
    algorithm: [name === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm, exact(c)],
    token: {
      fontFamily, fontSize: 14, fontSizeSM: 12, fontSizeHeading1: 20, fontWeightStrong: 600, borderRadius: 6, borderRadiusLG: 8, borderRadiusSM: 4,
      controlHeight: 32, controlHeightSM: 26, motionUnit: 0.06, colorTextDisabled: c.off, colorFillAlter: c.sunk, controlItemBgHover: c.sunk,
    },
    components: {
      Layout: { siderBg: c.rail, bodyBg: c.paper, headerBg: c.surface, headerHeight: 56, headerPadding: '0 24px' },
      Menu: { itemBg: 'transparent', subMenuItemBg: 'transparent', itemHeight: 36, itemBorderRadius: 6, itemMarginInline: 8, itemMarginBlock: 2, iconSize: 16,
        itemColor: c.ink2, itemHoverBg: c.line, itemSelectedBg: c.surface, itemSelectedColor: c.pine, subMenuItemSelectedColor: c.ink, activeBarBorderWidth: 0, groupTitleColor: c.ink3 },
      Table: { headerBg: 'transparent', headerColor: c.ink3, headerSplitColor: 'transparent', borderColor: c.line2, rowHoverBg: c.sunk, rowSelectedBg: c.wash,
        rowSelectedHoverBg: c.washHover, cellPaddingBlockSM: 9, cellPaddingInlineSM: 8, cellFontSizeSM: 13 },
      Card: { headerBg: 'transparent', headerFontSize: 14, headerHeight: 48, headerPadding: 20, bodyPadding: 20 },
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', dangerColor: c.onDanger },
      Tag: { defaultBg: c.sunk, defaultColor: c.ink2 },
      Segmented: { trackBg: c.sunk, trackPadding: 2, itemSelectedBg: c.surface, itemSelectedColor: c.ink },
      Tabs: { itemSelectedColor: c.pine, itemHoverColor: c.pineHover, inkBarColor: c.pine },
    },
  }
}

// A customer's phone is drawn in its own fixed colours: it looks the same whatever theme the operator uses.
export const phone = {
  frame: '#1B2220', screen: '#E9ECEA', bubble: '#FFFFFF', ink: '#17211E', ink3: '#5E6A65', line: '#D9DEDB', face: '#D5E5DF', faceInk: '#17695A',
}

// Shadows exist only on what floats.
export const shadows = { light: '0 6px 24px rgba(23,33,30,.10)', dark: '0 6px 24px rgba(0,0,0,.4)' }
