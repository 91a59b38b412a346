"""The terms of everything the sample set is made from, as they are written into its `LICENCES.md`."""

from __future__ import annotations

from collections.abc import Sequence

HEADING = """\
# Where this data set comes from, and its terms

Questions, answers and captions about pictures are generated: CC0 1.0.
"""

MNI = """\
## MNI152 (`mni152-*.png`)
ICBM 152 nonlinear symmetric template 2009a, T1 and tissue maps, as carried by nilearn (BSD-3-Clause).

> Copyright (C) 1993–2009 Louis Collins, McConnell Brain Imaging Centre, Montreal Neurological Institute, McGill
> University. Permission to use, copy, modify, and distribute this software and its documentation for any purpose and
> without fee is hereby granted, provided that the above copyright notice appear in all copies. The authors and McGill
> University make no representations about the suitability of this software for any purpose. It is provided "as is"
> without express or implied warranty. The authors are not responsible for any data loss, equipment damage, property
> loss, or injury to subjects or patients resulting from the use or misuse of this software package.

Please cite Fonov et al., NeuroImage 54 (2011) 313–327, and Fonov et al., NeuroImage 47 (2009) S102.
"""

PYDICOM = """\
## pydicom test files (`pydicom-*.png`)
DICOM files carried by pydicom (MIT). Its README says of them: "I believe there is no restriction on using any of
these files in this manner." `examples_overlay.dcm` comes from GDCM, Copyright (c) 2006-2016 Mathieu Malaterre,
Copyright (c) 1993-2005 CREATIS (BSD-3-Clause).
"""

SKIMAGE = """\
## scikit-image (`skimage-*.png`)
- `retina.jpg`: Mikael Häggström, CC0 1.0 (doi:10.15347/wjm/2014.008).
- `microaneurysms.png`: detail of image 07_dr of the High-Resolution Fundus database, CC0 by its owner, Andreas Maier
  (doi:10.1155/2013/154860).
- `ihc.png`: Center for Microscopy And Molecular Imaging (CMMI), no known copyright restrictions.
"""

ICD = """\
## ICD-10-CM (source `icd10cm/*`)
Codes and titles of the US National Center for Health Statistics, public domain, read through simple-icd-10-cm (MIT).
"""

HPO = """\
## Human Phenotype Ontology (source `hpo/*`)
This data set uses the Human Phenotype Ontology ({release}). Find out more at http://www.human-phenotype-ontology.org.
Names and definitions are given unaltered. Copyright by the Human Phenotype Ontology Consortium; free to use when the
consortium is acknowledged, the release is named and the content is not altered. Please cite Gargano et al., Nucleic
Acids Research 52 (2024) D1333–D1346.
"""


def licences(sources: Sequence[str], release: str) -> str:
    """The text of `LICENCES.md`.

    Args:
        sources: What the set was made from.
        release: The HPO release used, or empty.
    """
    parts = {
        "mni152": MNI,
        "pictures": PYDICOM + "\n" + SKIMAGE,
        "icd10cm": ICD,
        "hpo": HPO.format(release=release),
    }
    return "\n".join([HEADING, *(parts[source] for source in sources)])
