import { createRoot } from 'react-dom/client'
import { Chat } from './chat.tsx'
import { loadState } from './state.ts'

const id = location.pathname.split('/')[2] as string
const loaded = await loadState(id)
createRoot(document.getElementById('page') as HTMLElement).render(<Chat id={id} loaded={loaded} />)
