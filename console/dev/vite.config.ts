// `npm run dev`: the console with hot reload in front of a running platform (make demo, or ZHIYIN_API=http://host:port).
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const target = process.env.ZHIYIN_API ?? 'http://127.0.0.1:8420'
export default defineConfig({
  plugins: [react()],
  server: { port: Number(process.env.PORT ?? 5173), strictPort: true, host: '127.0.0.1', proxy: { '/api': target, '/p': target } },
})
