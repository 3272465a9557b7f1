import { createRoot } from 'react-dom/client'
import { App } from './app'
import './look/base.css'

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
