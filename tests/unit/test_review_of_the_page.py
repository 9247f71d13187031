"""What a review of page, interface, live input, reports and command line found, and the tests that cover it.

`COVERED` has each finding with the tests; the first test here checks that they exist. Findings about texts alone are
checked here.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

from pgfa.recognise.bundle import BUNDLED

CHECKOUT = Path(__file__).resolve().parents[2]

COVERED = {
    "F1 an output file replaces links, pipes and devices": "unit/test_destination.py::"
    "test_the_target_of_a_link_is_written "
    "unit/test_destination.py::test_a_pipe_is_written_to unit/test_destination.py::test_a_device_stays_a_device "
    "unit/test_destination.py::test_standard_output_gets_the_content_in_order",
    "F2 a taught class loses on its own example": "unit/test_kinematic_bundle.py::test_a_taught_example_finds_itself "
    "unit/test_overlap.py::test_the_page_is_told",
    "F3 work is lost": "browser/test_kept_work.py::test_a_reload_a_closed_tab_and_a_restart_lose_nothing "
    "browser/test_kept_work.py::test_two_tabs_have_work_of_their_own "
    "browser/test_kept_work.py::test_files_that_wait_to_be_read_survive_a_reload "
    "unit/test_serve_parts.py::test_a_session_whose_page_is_open_is_not_replaced",
    "F4 the headline contradicts the list": "browser/test_kept_work.py::test_the_headline_says_what_there_is "
    "browser/test_kept_work.py::test_the_page_and_the_table_of_many_recordings_name_the_same_answer "
    "browser/test_corrections.py::test_a_recording_that_was_never_opened_is_listed_with_its_headline",
    "F5 silent connections shut everybody out": "unit/test_connections.py::test_headers_that_drip_are_not_waited_for "
    "unit/test_connections.py::test_200_silent_connections_keep_no_client_out_and_are_closed "
    "unit/test_programs.py::test_a_silent_socket_loses_its_place_to_another",
    "F6 player and timeline on one screen": "browser/test_kept_work.py::"
    "test_player_timeline_and_sentences_fit_one_laptop_screen "
    "browser/test_corrections.py::test_the_selected_moment_is_corrected_without_scrolling "
    "browser/test_corrections.py::test_the_editor_stays_in_sight_with_long_lists",
    "F7 recordings have the names of their classes": "browser/test_kept_work.py::test_the_list_of_recordings",
    "F8 nothing can be taken out": "browser/test_kept_work.py::test_the_list_of_recordings "
    "browser/test_project.py::test_200_recordings_stay_fluent_and_are_saved_as_a_list "
    "browser/test_kept_work.py::test_recordings_removed_while_they_wait_do_not_come_back "
    "browser/test_kept_work.py::test_examples_are_aligned_with_own_recordings_only_if_both_are_marked",
    "F9 a busy server is not asked again": "browser/test_kept_work.py::test_a_busy_server_is_asked_again "
    "unit/test_serve_parts.py::test_requests_beyond_the_queue_are_refused",
    "F10 scores are called cosines": "unit/test_review_of_the_page.py::test_the_report_names_scores_for_what_they_are",
    "F11 tracebacks": "unit/test_hindered_commands.py::test_every_command_ends_with_one_sentence "
    "unit/test_destination.py::test_a_folder_is_one_sentence",
    "F12 an upload that is broken off is logged": "unit/test_connections.py::"
    "test_an_upload_that_is_broken_off_is_not_logged",
    "F13 by ear and by key": "browser/test_accessibility_tree.py::test_nothing_speaks_while_the_player_plays "
    "browser/test_accessibility_tree.py::test_every_control_has_a_name_and_no_two_buttons_the_same "
    "browser/test_accessibility_tree.py::test_keys_work_wherever_the_focus_is "
    "browser/test_axe.py::test_axe_finds_nothing",
    "F14 long work": "browser/test_long_question.py::test_a_long_question_shows_progress_and_can_be_cancelled "
    "unit/test_turns.py::test_another_clients_short_question_is_answered_while_a_long_one_is_at_work",
    "F15 wrong files": "browser/test_questions_about_files.py::"
    "test_files_that_are_no_recordings_are_refused_in_plain_words",
    "F16 the name of no answer as a sentence": "unit/test_serve.py::test_the_name_of_no_answer_is_no_sentence",
    "F17 full bars before the first answer": "browser/test_kept_work.py::test_the_list_of_recordings",
    "F18 a pasted list": "browser/test_kept_work.py::test_a_pasted_list_is_several_sentences",
    "F19 the time axis": "browser/test_corrections.py::test_the_timeline_zooms_pans_and_loops",
    "F20 what the recogniser was trained on": "unit/test_review_of_the_page.py::"
    "test_the_model_card_counts_the_data_sets_of_the_bundled_recogniser",
    "F21 one form of errors": "unit/test_programs.py::test_every_error_has_one_form "
    "unit/test_programs.py::test_errors_about_values_have_all_their_parts "
    "unit/test_connections.py::test_what_is_no_http_gets_an_error_of_the_usual_form",
    "F22 forms, content types, HEAD": "unit/test_serve.py::test_a_form_with_a_file_is_taken_as_the_file "
    "unit/test_serve.py::test_errors_have_one_form unit/test_programs.py::test_the_client_of_the_documentation_runs",
    "F23 a class a/b": "unit/test_import_files.py::test_wrong_labels",
    "F24 intervals of two seeds": "unit/test_student.py::test_two_units_have_a_test_but_no_interval",
    "F25 a port in use": "unit/test_connections.py::test_a_port_in_use_and_a_foreign_host_are_one_sentence",
    "F26 control characters in names": "unit/test_check_names.py::test_control_characters_of_names_are_escaped",
    "F27 wrong calls of recognise": "unit/test_use_commands.py::test_a_wrong_question_is_refused_with_what_to_do "
    "unit/test_use_commands.py::test_several_sentences_may_follow_one_option "
    "unit/test_recognise_many.py::test_a_folder_gives_one_row_per_recording "
    "unit/test_cli_help.py::test_every_command_and_option_has_help",
    "F28 wrong names, completion": "unit/test_cli_help.py::test_a_wrong_command_line_is_one_line "
    "unit/test_helpful_help.py::test_a_wrong_split_names_the_nearest "
    "unit/test_cli.py::test_wrong_names_files_and_devices_are_named "
    "unit/test_helpful_help.py::test_a_completion_script_names_commands_and_is_a_script",
    "F29 what ELAN files lack": "unit/test_answer_formats.py::test_spans_as_eaf "
    "unit/test_serve_corrections.py::test_files_carry_corrected_moments_and_name_the_video "
    "unit/test_serve_corrections.py::test_files_name_the_recording_as_its_user_does "
    "unit/test_serve_corrections.py::test_files_name_the_recogniser_and_say_whether_it_was_aligned "
    "unit/test_bundle.py::test_answers_name_the_recogniser_by_its_folder_and_a_digest",
    "F30 a phone": "browser/test_page.py::test_a_narrow_page_needs_no_sideways_scroll "
    "browser/test_page.py::test_every_control_of_a_phone_is_large_enough_for_a_finger "
    "browser/test_axe.py::test_axe_finds_nothing_on_a_phone",
    "F31 a clock that goes back": "unit/test_jsonl.py::test_a_frame_at_a_wrong_time_is_left_out_and_reported "
    "unit/test_jsonl.py::test_a_clock_that_is_set_anew_starts_the_answers_anew",
}  # fmt: skip


@cache
def functions_of(file: Path) -> set[str]:
    """Names of the test functions of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("finding", COVERED)
def test_every_finding_has_a_test(finding: str) -> None:
    for name in COVERED[finding].split():
        file, _, function = name.partition("::")
        assert function in functions_of(CHECKOUT / "tests" / file), name


def test_no_finding_is_left_out() -> None:
    assert [finding.split()[0] for finding in COVERED] == [f"F{number}" for number in range(1, 32)]


def test_the_report_names_scores_for_what_they_are() -> None:
    """An alignment may add an offset per class: its scores are no cosines, and may exceed 1."""
    text = (CHECKOUT / "src/pgfa/evaluate/report/report.js").read_text(encoding="utf-8")
    assert "are cosines; an alignment may add an offset per class" in text
    assert "(cosine)" not in text


def test_the_model_card_counts_the_data_sets_of_the_bundled_recogniser() -> None:
    about = json.loads((BUNDLED / "recogniser.json").read_text(encoding="utf-8"))
    trained = {name.split("/")[0] for name in about["provenance"]["seen"]} - {"imagined"}
    card = (CHECKOUT / "docs" / "model-card.md").read_text(encoding="utf-8")
    assert {12: "twelve"}[len(trained)] in card
    page = (CHECKOUT / "docs" / "recognise.md").read_text(encoding="utf-8")
    assert "trained on UTD-MHAD" not in page
