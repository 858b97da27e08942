"""How much Argo, which runs Kubeflow's pipelines too, keeps of a run."""

MAX_WORKFLOW_BYTES = 1024 * 1024
"""What its controller stores of a Workflow at most, the status too (workflow/packer/packer.go). The templates that a run
uses are copied into it; when all of it is too large, the state of the nodes is compressed, and nothing else."""
