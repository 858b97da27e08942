package judge

import (
	"bufio"
	"io"

	"github.com/robfig/cron/v3"
)

// Schedule is the opinion of the library that Argo and Kubernetes parse schedules with.
type Schedule struct {
	Expression string  `json:"expr"`
	Error      *string `json:"error"`
}

// parseSchedules reads one expression a line.
func parseSchedules(in io.Reader) ([]Schedule, error) {
	schedules := []Schedule{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		schedule := Schedule{Expression: lines.Text()}
		if _, err := cron.ParseStandard(schedule.Expression); err != nil {
			text := err.Error()
			schedule.Error = &text
		}
		schedules = append(schedules, schedule)
	}
	return schedules, lines.Err()
}
