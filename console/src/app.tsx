// What every page stands in: palette, language, query cache, session, live stream, router.
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App as Antd, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useMemo, useState } from 'react'
import { LiveProvider } from './api/live'
import { newQueryClient } from './api/queries'
import { SessionGate } from './api/session'
import { LangProvider, useLang } from './i18n/i18n'
import { Unreachable } from './kit/Unreachable'
import { LookProvider, useLook, useMedia } from './look/look'
import { antdTheme } from './look/tokens'
import { Login } from './pages/login/Login'
import { newRouter } from './routes'

export function App() {
  return <LookProvider><LangProvider><Shell /></LangProvider></LookProvider>
}

function Shell() {
  const { name } = useLook()
  const { lang } = useLang()
  // Without motion antd places lists at once; with it, one that opens while somebody types can stay outside the window.
  const still = useMedia('(prefers-reduced-motion: reduce)')
  const theme = useMemo(() => { const made = antdTheme(name); return still ? { ...made, token: { ...made.token, motion: false } } : made }, [name, still])
  const [client] = useState(newQueryClient)
  const [router] = useState(newRouter)
  dayjs.locale(lang === 'zh' ? 'zh-cn' : 'en')
  return (
    <ConfigProvider theme={theme} locale={lang === 'zh' ? zhCN : enUS} button={{ autoInsertSpace: false }}>
      <Antd component={false}>
        <QueryClientProvider client={client}>
          <SessionGate login={<Login />} waiting={null} failed={(error, retry) => <Unreachable error={error} retry={retry} />}>
            <LiveProvider><RouterProvider router={router} /></LiveProvider>
          </SessionGate>
        </QueryClientProvider>
      </Antd>
    </ConfigProvider>
  )
}
