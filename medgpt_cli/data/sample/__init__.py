"""A small real data set, cut from volumes and images that installed packages carry.

    volumes, slices, split, brain   the MNI152 head: read, measured, divided, drawn
    originals, pictures             single DICOM files and photographs: read, cropped
    texts                           ICD-10-CM and HPO
    wordings, questions, balance    what is asked, and the exact answers
    forms, write, readme, licences  how it is written down
    make                            the story

Nothing of it is in this repository; every truth comes from coordinates, tissue maps and headers.
"""
