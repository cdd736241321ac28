-- Which wording of the prompt asked, beside which model answered.

alter table llm_calls add column prompt_version text;
comment on column llm_calls.prompt_version is 'Which wording of the prompt asked (promptVersion in src/llm/prompt.ts); NULL: a call older than this column.';
