import type { Network } from '../platform.ts'

/**
 * What a browser tells of the way to the network: by `online` and `offline`, by the Network Information API where
 * there is one, and by the page coming back to the front, before which the device may have slept.
 */
export const networkWatch: Network = {
  isOnline: () => navigator.onLine,
  onChange(callback, signal) {
    addEventListener('online', callback, { signal })
    addEventListener('offline', callback, { signal })
    const way = connection()
    let type = way?.type
    // Estimates of its speed change all the time, too.
    const callIfOther = (): void => {
      if (type === way?.type) return
      type = way?.type
      callback()
    }
    way?.addEventListener('change', callIfOther, { signal })
    // Workers have no document.
    if (typeof document === 'undefined') return
    const callIfVisible = (): void => {
      if (document.visibilityState === 'visible') callback()
    }
    document.addEventListener('visibilitychange', callIfVisible, { signal })
  },
}

function connection(): (EventTarget & { readonly type?: unknown }) | undefined {
  const found = 'connection' in navigator ? navigator.connection : undefined
  return found instanceof EventTarget ? found : undefined
}
