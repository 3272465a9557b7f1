// A POST that only reads (check, preview, count), asked again 400 ms after the last change; the former answer stays until then.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call, type ApiError } from '../api/client'

export function useChecked<T>(path: string, body: object | null, wait = 400) {
  const text = body === null ? '' : JSON.stringify(body)
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    if (text === settled) return
    const id = setTimeout(() => setSettled(text), wait)
    return () => clearTimeout(id)
  }, [text, settled, wait])
  const query = useQuery<T, ApiError>({
    queryKey: [path, 'check', settled], enabled: settled !== '', staleTime: 10_000, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => call<T>('POST', path, { body: JSON.parse(settled) as object, signal }),
  })
  const fresh = text === settled && !query.isFetching
  return { data: settled === '' ? undefined : query.data, error: query.error, fresh, at: query.dataUpdatedAt, refetch: query.refetch }
}
