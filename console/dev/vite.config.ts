// `npm run dev`: the console against fixtures (default), or against a running server with ZHIYIN_API=http://127.0.0.1:PORT.
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { answer } from './fixtures'

const fixtures: Plugin = {
  name: 'fixtures',
  configureServer(server) {
    server.middlewares.use('/api/v1', (req, res) => {
      let body = ''
      req.on('data', (part: Buffer) => { body += part.toString() })
      req.on('end', () => {
        const url = new URL(req.url ?? '/', 'http://fixtures')
        if (url.pathname === '/live') {
          res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
          res.write(': open\n\n')
          return
        }
        const [status, value] = answer(req.method ?? 'GET', url.pathname, url.searchParams, body ? JSON.parse(body) : undefined, req.headers['accept-language'] ?? 'zh-CN')
        res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json' })
        res.end(value === undefined ? '' : JSON.stringify(value))
      })
    })
  },
}
const target = process.env.ZHIYIN_API
export default defineConfig({
  plugins: target ? [react()] : [react(), fixtures],
  preview: { port: Number(process.env.PORT ?? 5173), strictPort: true, host: '127.0.0.1', proxy: target ? { '/api': target, '/p': target } : undefined },
  server: { port: Number(process.env.PORT ?? 5173), strictPort: true, host: '127.0.0.1', proxy: target ? { '/api': target, '/p': target } : undefined },
})
