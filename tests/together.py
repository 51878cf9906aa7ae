"""Which files of tests stay with one worker: what takes long to make is made once for them."""

TOGETHER = {
    "the fixture study_run": (
        "report/test_charts.py",
        "report/test_escape.py",
        "report/test_pictures.py",
        "report/test_report.py",
        "report/test_report_browser.py",
        "report/test_report_charts_browser.py",
        "results/test_tables.py",
    ),
    "a page of explore, and a browser": ("explore/test_page_browser.py", "explore/test_page_views.py"),
    # Both take seconds to import.
    "torch's compiler, and the process that others fork from": (
        "attribution/integration/test_integral.py",
        "attribution/integration/test_objectives.py",
        "attribution/integration/test_together.py",
        "attribution/test_learned_mask.py",
        "attribution/test_learning.py",
        "attribution/test_schedule.py",
        "cli/test_units_command_line.py",
        "experiment/test_training_study.py",
        "explore/test_downloads.py",
        "intervention/test_turnable.py",
        "networks/test_export.py",
        "training/test_basicsr_keys.py",
        "training/test_basicsr_options.py",
        "training/test_basicsr_training.py",
        "training/test_bounds.py",
        "training/test_configs.py",
        "training/test_starting_again.py",
        "training/test_teachers.py",
        "training/test_training.py",
        "training/test_training_data.py",
        "training/test_training_processes.py",
        "truth/test_truth_study.py",
    ),
}
