import type { SessionFixture } from '../../harness.ts'
import type { ClockSetting } from '../plans/plan.ts'

const day = 24 * 60 * 60 * 1000
/** How far the clock jumps. Every manifest remembers what it reclaimed for less time than that. */
const jumpMs = 26 * 365 * day
const settings: Readonly<Record<ClockSetting, number>> = {
  back: Date.UTC(2026, 0, 1) - jumpMs,
  right: Date.UTC(2026, 0, 1),
  ahead: Date.UTC(2026, 0, 1) + jumpMs,
}
/** So far ahead that everything reclaimed is purged, whatever the clock said when it was. */
export const endOfTime: number = settings.ahead + jumpMs

/** The clock of the manifest and of the hosts. It stands still, unless an actor sets it. */
export class SceneClock {
  readonly #fixture: SessionFixture
  #setting: ClockSetting = 'right'

  constructor(fixture: SessionFixture) {
    this.#fixture = fixture
    this.set('right')
  }

  readonly now = (): number => settings[this.#setting]

  set(setting: ClockSetting): void {
    this.#setting = setting
    this.#fixture.setClock?.(this.now())
  }

  /** Does something while the clock of the manifest shows the end of time. */
  async atEnd(act: () => Promise<void>): Promise<void> {
    this.#fixture.setClock?.(endOfTime)
    try {
      await act()
    } finally {
      this.set(this.#setting)
    }
  }

  /** Which setting gave the time, to tell states apart. Nothing when the clock was right. */
  describe(epochMs: number | undefined): string {
    return epochMs === settings.ahead ? ' ahead' : epochMs === settings.back ? ' back' : ''
  }
}
